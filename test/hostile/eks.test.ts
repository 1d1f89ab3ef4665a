import { itWithstands } from './withstands.ts';

itWithstands('eks');
