// `npm run check`: everything that can be said in under a minute.
import { fastTests, runSteps, staticSteps } from './steps.ts';

const tests = fastTests();
const passed = await runSteps(tests === null ? staticSteps : [...staticSteps, tests]);
process.exitCode = passed ? 0 : 1;
