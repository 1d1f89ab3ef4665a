/** No fix: which certificate a listener is to have, and whether its clients speak TLS, only people know. */
import type { AnyAction } from '../../core/action.ts';

export const actions: readonly AnyAction[] = [];
