/** How long commands wait for an AWS that does not answer: somebody sits before them. */
import type { ClientConfig } from '../../lib/aws/settings.ts';

export type RetryDelay = Required<Pick<ClientConfig, 'maxAttempts' | 'requestTimeout'>>;

/** A call ends within some 16 seconds, pauses between tries included; throttling is waited out a little. */
export const patient: RetryDelay = { maxAttempts: 3, requestTimeout: 5_000 };

/** A call ends within some 8 seconds: for what has to be known soon, such as that nothing was stopped. */
export const urgent: RetryDelay = { maxAttempts: 2, requestTimeout: 4_000 };
