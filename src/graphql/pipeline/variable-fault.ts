import {
  type ArgumentNode,
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isNonNullType,
  Kind,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';
import { badUserInput, type PurserError } from '../../domain/errors.ts';
import { notAnInstant } from '../../domain/text-rules.ts';
import { DateTime } from './date-time.ts';
import { type PublicError, protocolError, publicErrorOf } from './errors.ts';

/**
 * The first variable that does not match its type, as an error that names the field and what it must be, but not the
 * value. Executors find the same faults, but their messages quote the value.
 */
export function variableFault(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): PublicError | undefined {
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type)) return protocolError('GRAPHQL_VALIDATION_FAILED');
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) {
      if (definition.defaultValue === undefined && isNonNullType(type)) {
        return publicErrorOf(required(usedAs(operation, name)));
      }
      continue;
    }
    const faults: PurserError[] = [];
    coerceInputValue(value, type, (path, invalid, { message }) => {
      const names = path.filter((part) => typeof part === 'string');
      const missing = MISSING_FIELD.exec(message)?.[1];
      const field = [...names, ...(missing === undefined ? [] : [missing])].join('.');
      const shown = field === '' ? usedAs(operation, name) : field;
      if (missing !== undefined || invalid === null || invalid === undefined) faults.push(required(shown));
      else faults.push(wrongKind(shown, typeAt(type, names), invalid));
    });
    const [fault] = faults;
    if (fault !== undefined) return publicErrorOf(fault);
  }
  return undefined;
}

/** GraphQL.js reports a missing field at its parent object. The name comes from the schema, so it is safe to show. */
const MISSING_FIELD = /^Field "([A-Za-z]\w*)" of required type /;

/** The argument or input field whose value is the variable. The variable's own name is the client's choice. */
function usedAs(operation: OperationDefinitionNode, variable: string): string {
  let found: string | undefined;
  const look = ({ name, value }: ArgumentNode | ObjectFieldNode) => {
    if (value.kind === Kind.VARIABLE && value.name.value === variable) found ??= name.value;
  };
  visit(operation, { Argument: look, ObjectField: look });
  return found ?? variable;
}

/** The type of the field at the path of names. */
function typeAt(type: GraphQLInputType, names: readonly string[]): GraphQLInputType {
  let found = type;
  for (const name of names) {
    const owner = getNamedType(found);
    if (isInputObjectType(owner)) found = owner.getFields()[name]?.type ?? found;
  }
  return found;
}

function required(field: string): PurserError {
  return badUserInput(field, `\`${field}\` is required and must not be null.`);
}

const SCALARS: Readonly<Record<string, string>> = {
  Int: 'a whole number, from -2147483648 to 2147483647',
  Boolean: 'true or false',
  ID: 'an id, as a string',
  String: 'a string',
};

function wrongKind(field: string, type: GraphQLInputType, value: unknown): PurserError {
  const named = getNamedType(type);
  if (named.name === DateTime.name) return notAnInstant(field);
  if (isEnumType(named)) return badUserInput(field, `\`${field}\` must be one of the values in the schema.`);
  if (!isInputObjectType(named)) {
    return badUserInput(field, `\`${field}\` must be ${SCALARS[named.name] ?? 'as the schema defines it'}.`);
  }
  return typeof value === 'object' && !Array.isArray(value)
    ? badUserInput(field, `\`${field}\` contains a field that the schema does not have.`)
    : badUserInput(field, `\`${field}\` must be an object.`);
}
