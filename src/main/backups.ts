/** For commands: the one way to the adapters that copy a data folder. */
export { backUp, restore, type BackupManifest, type BackupProblem } from '../storage/backup.ts';
