import * as z from 'zod';
import { fileSchema } from '../../src/config/file-schema.ts';

/** The JSON Schema of the configuration file: what an editor completes and explains. */
export function render(): string {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // The language of policies has a schema of its own.
      if (jsonSchema.id !== 'policyDocument') return;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, { $ref: 'policy.schema.json' });
    },
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
