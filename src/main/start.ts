import { resolve } from 'node:path';

import { err, ok, type Result } from '../base/result.ts';
import { explainConfigProblem, loadConfig } from '../config.ts';
import { environment } from '../config/environment.ts';
import { startGateway, type RunningGateway } from '../main.ts';
import { attempt } from './attempt.ts';
import { prepareDemo } from './demo.ts';
import { isServed, makeFolder } from './folder.ts';
import { jsonLog, quietLog } from './log.ts';
import { explainServed } from './parts.ts';

/** What the command line may say beside the configuration; null leaves it to the configuration. */
export interface StartOptions {
  readonly dataDir: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly version: string;
  /** Log what goes well too, and what servers write to stderr. */
  readonly verbose: boolean;
}

/** The demo, running. */
export interface Demo {
  readonly gateway: RunningGateway;
  readonly token: string;
  readonly configPath: string;
  close(): Promise<void>;
}

/** Starts the gateway that an operator's file describes. */
export async function startConfigured(
  options: StartOptions & { readonly configPath: string },
): Promise<Result<RunningGateway, string>> {
  const all = jsonLog((line) => process.stderr.write(line));
  const log = options.verbose ? all : quietLog(all);
  const loaded = await loadConfig(options.configPath, environment());
  if (!loaded.ok) return err(loaded.error.map(explainConfigProblem).join('\n'));
  const config = loaded.value;
  const dataDir = resolve(options.dataDir ?? config.dataDir);
  const folder = await makeFolder(dataDir);
  if (!folder.ok) return folder;
  return startGateway({
    config,
    configPath: options.configPath,
    dataDir,
    host: options.host ?? config.listen.host,
    port: options.port ?? config.listen.port,
    environment: environment(),
    version: options.version,
    log,
  });
}

/** Starts the demo's servers and a gateway before them. */
export async function startDemo(options: StartOptions): Promise<Result<Demo, string>> {
  const dataDir = resolve(options.dataDir ?? './data');
  const folder = await makeFolder(dataDir);
  if (!folder.ok) return folder;
  // The demo that runs there would read the configuration that this one is about to write.
  if (isServed(dataDir)) return err(explainServed(dataDir));
  const prepared = await attempt(() => prepareDemo(dataDir));
  if (!prepared.ok) return prepared;
  const { configPath, token } = prepared.value;
  const started = await startConfigured({ ...options, dataDir, configPath });
  if (!started.ok) {
    await prepared.value.close();
    return started;
  }
  const gateway = started.value;
  const close = async (): Promise<void> => {
    await gateway.stop();
    await prepared.value.close();
  };
  return ok({ gateway, token, configPath, close });
}
