// Other ways to decide the same calls: what they look at is the same, what they promise is less
// (no limits, no third answer for what cannot be told, no rule named in a refusal).
import { createRequire } from 'node:module';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { Engine } from 'json-rules-engine';

/** A call as the others see it. */
export interface PlainCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** Allows the named tools, unless one of the fields is above the bound. */
export interface PlainPolicy {
  readonly tools: readonly string[];
  readonly fields: readonly string[];
  readonly max: number;
}

/** Another engine, ready to decide. */
export interface OtherEngine {
  readonly name: string;
  readonly allows: (call: PlainCall) => boolean | Promise<boolean>;
}

/** Every engine that is installed, made ready for one policy. */
export async function otherEngines(policy: PlainPolicy): Promise<readonly OtherEngine[]> {
  return [ajvEngine(policy), cedarEngine(policy), await casbinEngine(policy), rulesEngine(policy)];
}

function ajvEngine({ tools, fields, max }: PlainPolicy): OtherEngine {
  const bounds = Object.fromEntries(
    fields.map((field) => [field, { type: 'number', maximum: max }]),
  );
  const validate = new Ajv2020().compile({
    type: 'object',
    properties: {
      tool: { enum: tools },
      args: { type: 'object', properties: bounds },
    },
  });
  return { name: 'ajv, one schema', allows: (call) => validate(call) };
}

/** The part of Cedar's WebAssembly build that is used here. */
interface Cedar {
  preparsePolicySet(id: string, policies: object): { readonly type: string };
  statefulIsAuthorized(call: object): {
    readonly type: string;
    readonly response?: { readonly decision: string };
  };
}

function cedarEngine({ tools, fields, max }: PlainPolicy): OtherEngine {
  // The package says so in its declarations, which name types that only browsers have.
  const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as Cedar;
  const permits = tools.map((tool) => `permit(principal, action, resource == Tool::"${tool}");`);
  const broken = fields.map((field) => `context.${field} > ${max}`).join(' || ');
  const text = [...permits, `forbid(principal, action, resource) when { ${broken} };`].join('\n');
  const id = `bench-${tools.length}`;
  const parsed = cedar.preparsePolicySet(id, { staticPolicies: text });
  if (parsed.type !== 'success') throw new Error('the Cedar policy does not parse');
  return {
    name: 'Cedar (WebAssembly)',
    allows: ({ tool, args }) => {
      const answer = cedar.statefulIsAuthorized({
        principal: { type: 'Agent', id: 'bench' },
        action: { type: 'Action', id: 'call' },
        resource: { type: 'Tool', id: tool },
        context: args,
        preparsedPolicySetId: id,
        entities: [],
      });
      return answer.response?.decision === 'allow';
    },
  };
}

async function casbinEngine({ tools, fields, max }: PlainPolicy): Promise<OtherEngine> {
  const bounds = fields.map((field) => `r.args.${field} <= ${max}`).join(' && ');
  const model = newModelFromString(`
[request_definition]
r = sub, tool, args
[policy_definition]
p = sub, tool
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.tool == p.tool && r.sub == p.sub && ${bounds}
`);
  const lines = tools.map((tool) => `p, agent, ${tool}`).join('\n');
  const enforcer = await newEnforcer(model, new StringAdapter(lines));
  return { name: 'casbin', allows: ({ tool, args }) => enforcer.enforce('agent', tool, args) };
}

function rulesEngine({ tools, fields, max }: PlainPolicy): OtherEngine {
  const engine = new Engine();
  const bounds = fields.map((field) => ({
    fact: 'args',
    path: `$.${field}`,
    operator: 'lessThanInclusive',
    value: max,
  }));
  engine.addRule({
    conditions: { all: [{ fact: 'tool', operator: 'in', value: tools }, ...bounds] },
    event: { type: 'allow' },
  });
  return {
    name: 'json-rules-engine',
    allows: async ({ tool, args }) => (await engine.run({ tool, args })).events.length > 0,
  };
}
