/** A fresh identifier: the prefix and 22 URL-safe characters that carry 128 random bits. */
export declare function newId(prefix: string): string;
/** Whether two byte strings are equal, in a time that depends on their lengths alone. */
export declare function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean;
