import {
  type ArgumentNode,
  coerceInputValue,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';
import { type PublicError, protocolError } from './errors.ts';

/**
 * The first variable that does not fit its type, as an error that names the field and not the value. Executors find the
 * same faults, but quote what was sent.
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
      if (definition.defaultValue === undefined && isNonNullType(type)) return badVariable(usedAs(operation, name));
      continue;
    }
    const faults: string[] = [];
    coerceInputValue(value, type, (path, _value, { message }) => {
      const names = path.filter((part) => typeof part === 'string');
      const missing = MISSING_FIELD.exec(message)?.[1];
      const field = [...names, ...(missing === undefined ? [] : [missing])].join('.');
      faults.push(field === '' ? usedAs(operation, name) : field);
    });
    const [field] = faults;
    if (field !== undefined) return badVariable(field);
  }
  return undefined;
}

/** GraphQL.js reports a missing field at the object that should have it; the name is the schema's. */
const MISSING_FIELD = /^Field "([A-Za-z]\w*)" of required type /;

/** The argument or input field that a variable is the value of: its own name is the client's choice. */
function usedAs(operation: OperationDefinitionNode, variable: string): string {
  let found: string | undefined;
  const look = ({ name, value }: ArgumentNode | ObjectFieldNode) => {
    if (value.kind === Kind.VARIABLE && value.name.value === variable) found ??= name.value;
  };
  visit(operation, { Argument: look, ObjectField: look });
  return found ?? variable;
}

function badVariable(field: string): PublicError {
  return protocolError('BAD_USER_INPUT', { field });
}
