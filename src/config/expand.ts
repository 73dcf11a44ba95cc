import { err, ok, type Result } from '../base/result.ts';
import type { Fault } from './problem.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$(?:\$|\{([^}]*)\}|\{)/g;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME}` by the variable and `$$` by `$`; any other `$` stands for itself. What a
 * variable holds is not looked at again. The fault names the variable, never what it holds.
 */
export function expand(
  text: string,
  environment: Environment,
): Result<string, Pick<Fault, 'message' | 'hint'>> {
  let fault: Pick<Fault, 'message' | 'hint'> | null = null;
  const expanded = text.replace(reference, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    if (name === undefined || !variableName.test(name)) {
      const message = 'expected a variable name between `${` and `}`';
      fault ??= { message, hint: 'write `$${` for the two characters themselves' };
      return '';
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined) {
      const message = `the environment has no variable \`${name}\``;
      fault ??= { message, hint: `set it, or write \`$\${${name}}\` for the text itself` };
    }
    return value ?? '';
  });
  return fault === null ? ok(expanded) : err(fault);
}
