import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE_RULE, GITHUB_RULE, RULES, UPDATE_RULE } from '../../service/trust-operations.ts';
import { launchBrowser } from '../../support/browser.ts';
import { createGithub } from '../../support/ci-issuers.ts';
import { expectNoAxeViolations, openConsole } from '../../support/console-page.ts';
import { type OpenidProvider, startOpenidProvider } from '../../support/openid-provider.ts';
import { ask } from '../../support/purser.ts';
import { createPurserHome, type PurserHome } from '../../support/purser-process.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import { createTestIssuer } from '../../support/tokens.ts';

const missing = skipReason('chromium');
/** Runs if it becomes an element; as text it does nothing. */
const SCRIPT = '<img src=x onerror="window.wasRun=true"><script>window.wasRun=true</script>';

describe.skipIf(missing)(titled('trust rules in the console', missing), () => {
  const github = createGithub();
  const api = createTestIssuer();
  let provider: OpenidProvider;
  let purser: PurserHome;
  let browser: Browser;
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    provider = await startOpenidProvider();
    const people: unknown = JSON.parse(provider.environment.JWT_ISSUERS);
    const issuers = [people, JSON.parse(api.jwtIssuers), github.entry].flat();
    purser = await createPurserHome({ ...provider.environment, JWT_ISSUERS: JSON.stringify(issuers) });
    [browser] = await Promise.all([launchBrowser(), purser.start()]);
    ({ page, close } = await open('/projects/demo/trust', 'ada'));
  });
  afterAll(async () => {
    await close?.();
    await browser?.close();
    await purser?.remove();
    await provider?.close();
  });

  async function open(path: string, user: string) {
    const opened = await openConsole({ purser, browser, path, isSignedIn: false });
    await opened.page.getByRole('button', { name: `Sign in as ${user}` }).click();
    await opened.page.getByRole('button', { name: `Signed in as ${user}` }).waitFor();
    return opened;
  }

  async function graphql(query: string, variables: Record<string, unknown>) {
    const answer = await ask(purser.url, query, variables, api.token());
    if (answer.errors) throw new Error(answer.errors[0]?.message);
    return answer.data;
  }

  const holds = (text: string) =>
    page.evaluate<boolean>(
      `[document.documentElement.outerHTML, ...[...document.querySelectorAll('input, textarea')].map(({ value }) => value)]
        .some((part) => part.includes(${JSON.stringify(text)}))`,
    );

  async function tryToken(token: string): Promise<void> {
    await page.getByLabel('Identity token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Try it' }).click();
  }

  it('adds a rule from a preset, with what the service refuses at its field', async () => {
    await page.getByText('No trust rules yet').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('link', { name: 'Add a trust rule' }).click();
    await page.getByRole('radio', { name: /^GitHub Actions/ }).click({ force: true });
    await expect.poll(() => new URL(page.url()).searchParams.get('preset')).toBe('GitHub Actions');
    const save = page.getByRole('button', { name: 'Save the rule' });
    await page.getByLabel('Name', { exact: true }).fill('web');
    await save.click();
    await page.getByRole('alert').getByText('Still to be replaced: REPOSITORY_ID').waitFor();
    await expectNoAxeViolations(page);

    const second = page.getByRole('group', { name: 'Conditions 2' });
    // What it would be refused with, and who else would meet it, stands there before anything is saved.
    const first = page.getByLabel('Values, one a line').first();
    const claim = page.getByLabel('Claim', { exact: true }).first();
    await first.fill('74');
    // What is proposed for a claim closes with Escape, which keeps what was typed.
    const enter = async (text: string) => {
      await claim.fill(text);
      await claim.press('Escape');
      expect(await claim.inputValue()).toBe(text);
    };
    await enter('repository');
    await page.getByText('`repository` is a name').waitFor();
    await enter('repository_owner_id');
    await page.getByText('Who else would meet it').waitFor();
    await page.getByText('each of its projects can meet this rule').waitFor();
    await expectNoAxeViolations(page);
    await enter('repository_id');
    await expect.poll(() => page.getByText('Who else would meet it').count()).toBe(0);
    expect((await graphql(RULES, {})).trustRules).toEqual([]);
    await second.getByLabel('Values, one a line').fill('');
    await save.click();
    await second.getByText('must not be empty').waitFor();
    await expectNoAxeViolations(page);
    await second.getByLabel('Values, one a line').fill('refs/heads/main\nrefs/heads/next');
    await page
      .getByText(/repository_id.* is .*74/)
      .first()
      .waitFor();
    await save.click();
    await page.getByRole('heading', { name: 'web', level: 1 }).waitFor();
    await expectNoAxeViolations(page);
  });

  it('tries tokens, keeps none, and starts a rule from what one says', async () => {
    await page.getByRole('link', { name: 'Trust rules' }).last().click();
    await page.getByRole('table', { name: 'Trust rules of the project' }).getByText('web').waitFor();
    const met = github.token();
    await tryToken(met);
    await page.getByText('The token is let in').waitFor();
    expect(await holds(met)).toBe(false);
    await expectNoAxeViolations(page);
    await tryToken(github.token({ claims: { repository_id: '75' } }));
    await page.getByText('The token is not let in').waitFor();
    await page.getByRole('region', { name: 'Rule by rule' }).getByText('Not met').waitFor();

    for (const claim of ['repository_id', 'ref']) {
      await page.getByRole('checkbox', { name: `Use ${claim}`, exact: true }).click({ force: true });
    }
    await page.getByRole('link', { name: 'New rule from 2 claims' }).click();
    await page.getByLabel('Values, one a line').first().waitFor();
    expect(await page.getByLabel('Values, one a line').first().inputValue()).toBe('75');
    expect(await page.getByLabel('Issuer', { exact: true }).inputValue()).toBe(github.issuer);
  });

  it('keeps what was typed when somebody else saves, shows warnings, and deletes', async () => {
    const created = await graphql(CREATE_RULE, { input: { ...GITHUB_RULE, name: SCRIPT } });
    const { id } = created.createTrustRule.rule;
    await page.getByRole('link', { name: 'Trust rules' }).last().click();
    await page.reload();
    await page.getByRole('link', { name: SCRIPT }).click();
    await page.getByRole('heading', { name: SCRIPT }).waitFor();
    expect(await page.evaluate('window.wasRun')).toBeUndefined();

    await page.getByLabel('Repositories, one a line').fill('team');
    await graphql(UPDATE_RULE, { id, input: { allowPassword: true } });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Somebody else changed this rule').waitFor();
    await page.getByText('They changed: passwords.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Go on with theirs and mine' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved: the rule is in force').waitFor();
    await page.getByText('Who else may meet this rule').waitFor();

    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByText('No lease began under it yet.').waitFor();
    await expectNoAxeViolations(page);
    await page.getByRole('button', { name: 'Delete the rule' }).click();
    await page.getByText('The rule was deleted').waitFor();
    await expect.poll(() => page.getByRole('link', { name: SCRIPT }).count()).toBe(0);
    expect(new URL(page.url()).pathname).toBe('/projects/demo/trust');
  });

  it('offers nothing to change to somebody who may only look', async () => {
    const reader = await open('/projects/demo/trust', 'dora');
    await reader.page.getByText('and not change rules').waitFor();
    expect(await reader.page.getByRole('link', { name: 'Add a trust rule' }).count()).toBe(0);
    await reader.page.getByRole('link', { name: 'web', exact: true }).click();
    await reader.page.getByRole('heading', { name: 'web', level: 1 }).waitFor();
    for (const name of ['Save', 'Delete…']) {
      expect(await reader.page.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    await expectNoAxeViolations(reader.page);
    await reader.close();
  });
});
