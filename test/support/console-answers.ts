import type { Page, Route } from 'playwright-core';

const isOf = (route: Route, operation: string) => route.request().postData()?.includes(operation) === true;

/** Until it is called, the page gets this error for an operation; `isDone`: after the service has carried it out. */
export async function answering(page: Page, operation: string, code: string, isDone = false) {
  const answer = async (route: Route) => {
    if (!isOf(route, operation)) return route.fallback();
    if (isDone) await route.fetch();
    return route.fulfill({ json: { data: null, errors: [{ message: code, extensions: { code } }] } });
  };
  await page.route('**/graphql', answer);
  return () => page.unroute('**/graphql', answer);
}

/** Until it is called, the page gets no answer to an operation. It resolves once the answer is there. */
export async function holdingBack(page: Page, operation: string) {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/graphql', async (route) => {
    if (isOf(route, operation)) await held;
    return route.fallback();
  });
  return async () => {
    const answered = page.waitForResponse((response) => !!response.request().postData()?.includes(operation));
    release();
    await answered;
  };
}
