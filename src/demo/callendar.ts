import { err, ok } from '../base/result.ts';
import { text } from './arguments.ts';
import tools from './callendar.tools.json' with { type: 'json' };
import type { DemoServer } from './server.ts';

interface Expert {
  readonly name: string;
  readonly topic: string;
  /** Digits only, with the country code; from a range that is kept for fiction. */
  readonly phone: string;
}

const EXPERTS: readonly Expert[] = [
  { name: 'Ada Brandt', topic: 'tax', phone: '12025550143' },
  { name: 'Jonas Keller', topic: 'tenancy', phone: '12025550167' },
  { name: 'Mira Sand', topic: 'nutrition', phone: '12025550189' },
];

/** A stand-in for Callendar: experts whom one can write to. It keeps nothing and sends nothing. */
export function createCallendar(): DemoServer {
  return {
    name: 'callendar',
    version: '1.0.0',
    instructions: 'A demo of a directory of experts. Names and numbers are invented.',
    tools,
    calls: new Map(),
    handlers: {
      get_callendar_overview: () =>
        ok({
          product: 'Callendar (demo)',
          experts: EXPERTS.map(({ name, topic }) => ({ name, topic })),
        }),
      create_callendar_contact_link: (args) => {
        const wanted = text(args, 'expert').toLowerCase();
        const expert = EXPERTS.find((one) => one.name.toLowerCase() === wanted);
        if (expert === undefined) {
          const names = EXPERTS.map((one) => one.name).join(', ');
          return err(`no such expert: ask for one of ${names}`);
        }
        const message = text(args, 'message', `Hello ${expert.name}`);
        const url = `https://wa.me/${expert.phone}?text=${encodeURIComponent(message)}`;
        return ok({ expert: expert.name, url });
      },
    },
  };
}
