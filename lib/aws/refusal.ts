/** What AWS's refusals mean for an action. */

/**
 * Whether AWS says that there is no such resource. Source: EC2 API Reference, "Error codes" (`InvalidVolume.NotFound`);
 * KMS `NotFoundException`; EKS `ResourceNotFoundException`.
 */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && /NotFound/.test(error.name);
}

/**
 * What a read answers; `undefined` where AWS says that there is no such resource.
 * @param read rejects with what the SDK throws.
 */
export async function unlessDeleted<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
