import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { anchorOf, ERROR_REFERENCE, ERRORS_PATH, factsAbout } from '../domain/error-reference.ts';
import { ERROR_CODES, type ErrorCode } from '../domain/errors.ts';

const STYLE =
  'body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}:target{outline:2px solid}';
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page that `extensions.documentation` links to. It is the same for every caller, and needs no token. */
export function errorsPage(app: FastifyInstance): void {
  const page = html();
  app.get(ERRORS_PATH, async (_, reply) =>
    reply.header('content-security-policy', CONTENT_SECURITY_POLICY).type('text/html; charset=utf-8').send(page),
  );
}

function html(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Errors of Purser</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Errors of Purser</h1>
<p>An error of the GraphQL API has one of these codes in <code>extensions.code</code>.</p>
${ERROR_CODES.map(section).join('')}</body>
</html>
`;
}

function section(code: ErrorCode): string {
  const facts = factsAbout(code).map(([label, text]) => `<li>${inline(label)}: ${inline(text)}</li>\n`);
  return `<section id="${anchorOf(code)}">
<h2>${code}</h2>
<p>${inline(ERROR_REFERENCE[code].when)}</p>
<ul>
${facts.join('')}</ul>
</section>
`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function inline(text: string): string {
  return text.replace(/[&<>"]/g, (found) => ESCAPES[found] ?? found).replace(/`([^`]+)`/g, '<code>$1</code>');
}
