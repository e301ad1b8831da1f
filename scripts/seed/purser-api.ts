import { OperatorError } from '../../src/domain/errors.ts';

/** One caller of the API. */
export interface PurserApi {
  /** The data of an answer without errors. @throws RefusedByPurser, SeedError */
  run<Data>(query: string, variables: Readonly<Record<string, unknown>>): Promise<Data>;
  /** Like `run`, for requests that should be refused. @returns the error's code; undefined if there was none */
  codeOf(query: string, variables: Readonly<Record<string, unknown>>): Promise<string | undefined>;
}

/** An error that the person who ran the command can correct. */
export class SeedError extends OperatorError {
  override readonly name = 'SeedError';
}

export class RefusedByPurser extends Error {
  override readonly name = 'RefusedByPurser';

  constructor(
    readonly code: string,
    readonly field: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly field?: string };
  }[];
}

export function createPurserApi(url: string, token: string): PurserApi {
  async function ask(query: string, variables: Readonly<Record<string, unknown>>): Promise<Answer> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'purser-seed',
      },
      body: JSON.stringify({ query, variables }),
    }).catch((cause: unknown) => {
      throw new SeedError(`No service answers at ${url}: start one with \`npm run dev\`, or set PURSER_URL.`, {
        cause,
      });
    });
    if (response.status === 401) {
      throw new SeedError(
        `The service at ${url} does not accept development tokens: start it without JWT_ISSUERS, and use its PURSER_DATA_DIR here.`,
      );
    }
    return (await response.json()) as Answer;
  }

  return {
    async run<Data>(query: string, variables: Readonly<Record<string, unknown>>) {
      const { data, errors } = await ask(query, variables);
      const [error] = errors ?? [];
      if (error) throw new RefusedByPurser(error.extensions.code, error.extensions.field, error.message);
      return data as Data;
    },
    async codeOf(query, variables) {
      const { errors } = await ask(query, variables);
      return errors?.[0]?.extensions.code;
    },
  };
}
