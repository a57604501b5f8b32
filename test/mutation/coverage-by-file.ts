/**
 * Stryker sends what the tests cover after each file. Where all files run in one process, it sends that of all files
 * before as well: of more than a hundred files, that is more than fits into memory. Here each file starts with none.
 */
interface Stryker {
  readonly mutantCoverage?: { perTest: object }
}

const { mutantCoverage } = (globalThis as { readonly __stryker__?: Stryker }).__stryker__ ?? {}
if (mutantCoverage !== undefined) mutantCoverage.perTest = {}
