/** What the services say of asking and changing AWS, for the modules beside this one. */
import type { LiveService } from '../core/service.ts';
import * as all from './live.ts';

/** In the order in which services are shown. */
export const liveServices: readonly LiveService[] = Object.values(all);
