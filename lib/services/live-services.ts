/** The live parts of all services, for the other modules of this folder. */
import type { LiveService } from '../core/service.ts';
import * as all from './live.ts';

/** In the order in which services are shown. */
export const liveServices: readonly LiveService[] = Object.values(all);
