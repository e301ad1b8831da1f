/** Sends one request outside the measurement. @throws Error if the answer has errors */
export async function ask<Data>(url: string, token: string, body: string): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: readonly { message: string }[] };
  if (data === undefined || errors !== undefined) throw new Error(`the service answered: ${JSON.stringify(errors)}`);
  return data;
}

export function operation(query: string, variables: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ query: query.replace(/\s+/g, ' '), variables });
}
