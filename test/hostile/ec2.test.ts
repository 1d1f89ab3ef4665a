import { itWithstands } from './withstands.ts';

itWithstands('ec2');
