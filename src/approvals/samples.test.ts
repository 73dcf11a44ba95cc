import { approvalContract } from '../../test/storage/approvals-contract.ts';
import { MemoryApprovalStore } from './samples.ts';

approvalContract('in memory', () =>
  Promise.resolve({ store: new MemoryApprovalStore(), dispose: () => Promise.resolve() }),
);
