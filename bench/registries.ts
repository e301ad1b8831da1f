import { randomBytes } from 'node:crypto';
import { ask, operation } from './graphql.ts';

export const PROJECT = 'bench';

const CREATE = `mutation ($projectId: ID!, $input: CreateRegistryInput!) {
  createRegistry(projectId: $projectId, input: $input) {
    registry { id url name provider revision createdAt credential { version kind status } } } }`;
const ISSUE = `mutation ($projectId: ID!, $input: IssueCredentialInput!) {
  issueCredential(projectId: $projectId, input: $input) {
    lease { id registryId credentialVersion pipeline issuedAt expiresAt } serverAddress username password expiresAt } }`;
const ROTATE = `mutation ($projectId: ID!, $id: ID!, $input: RotateCredentialInput!) {
  rotateCredential(projectId: $projectId, id: $id, input: $input) { registry { credential { version } } } }`;

/** Numbers the registries of this run, so that each has a different URL. */
let created = 0;

export function createBody(): string {
  created += 1;
  return bodyOf(created);
}

function bodyOf(number: number): string {
  const input = { url: hostOf(number), name: `Registry ${number}`, username: 'robot', password: password() };
  return operation(CREATE, { projectId: PROJECT, input });
}

/** Issues the credential of an existing registry to one of several pipelines, or to one run of it. */
export function issueBody(registry: number, runId?: string): string {
  return operation(ISSUE, {
    projectId: PROJECT,
    input: { image: `${hostOf(registry)}/team/app:1.2.3`, pipeline: `build-${registry % 20}`, runId, purpose: 'PULL' },
  });
}

export function rotateBody(id: string): string {
  return operation(ROTATE, { projectId: PROJECT, id, input: { password: password() } });
}

/** In a database without any: the registries from 1 to the number. */
export async function seedRegistries(url: string, token: string, count: number): Promise<void> {
  for (let first = 1; first <= count; first += 50) {
    const numbers = Array.from({ length: Math.min(50, count - first + 1) }, (_, index) => first + index);
    await Promise.all(numbers.map((number) => ask<Created>(url, token, bodyOf(number))));
  }
}

/** @returns the ids of the new registries */
export async function createRegistries(url: string, token: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 50) {
    const batch = Array.from({ length: Math.min(50, left) }, () => ask<Created>(url, token, createBody()));
    for (const { createRegistry } of await Promise.all(batch)) ids.push(createRegistry.registry.id);
  }
  return ids;
}

interface Created {
  readonly createRegistry: { readonly registry: { readonly id: string } };
}

function hostOf(number: number): string {
  return `registry-${number}.example.com`;
}

function password(): string {
  return randomBytes(15).toString('base64url');
}
