// For commands that read a folder's log without a gateway, and load nothing else of it.
export { openAuditFiles } from '../storage/embedded/audit-files.ts';
