/** The index of how services ask and change AWS, made from the index of services. */

/** The text of `lib/services/live.ts`. */
export function liveIndex(ids: readonly string[]): string {
  return `/** How each service asks and changes AWS. Generated from index.ts: npm run generate. */
${ids.map((id) => `export { ${id}Live } from './${id}/live.ts';\n`).join('')}`;
}
