import { itWithstands } from './withstands.ts';

itWithstands('kms');
