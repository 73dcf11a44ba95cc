import { openapi } from '../../src/control/openapi.ts';
import { table } from '../../src/control/table.ts';

export const target = 'spec/openapi.json';

/** The description of the control API, for other programs. */
export function render(): string {
  return `${JSON.stringify(openapi(table), null, 2)}\n`;
}
