import { parse as parseJsonc, printParseErrorCode, type ParseError } from 'jsonc-parser';

import { err, ok, type Result } from '../base/result.ts';
import type { ClientKind } from './client.ts';

/** Parses TOML, or says why not; a parser that throws is wrapped by whoever hands it in. */
export type ParseToml = (text: string) => Result<unknown, string>;

/** A configuration's content. JSON may have comments and trailing commas, as the clients allow. */
export function parseConfiguration(
  client: Pick<ClientKind, 'format'>,
  text: string,
  parseToml: ParseToml,
): Result<unknown, string> {
  if (client.format === 'toml') return parseToml(text);
  if (text.trim() === '') return ok({});
  const errors: ParseError[] = [];
  const root: unknown = parseJsonc(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return ok(root);
  const line = text.slice(0, first.offset).split('\n').length;
  return err(`line ${line}: ${printParseErrorCode(first.error)}`);
}
