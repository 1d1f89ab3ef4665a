import manifest from '../package.json' with { type: 'json' };

/** Trailseal's version, as its package says. */
export const version: string = manifest.version;
