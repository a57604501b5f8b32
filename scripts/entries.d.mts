export interface Entry {
  /** As in `exports`: `.` or `./testing`. */
  readonly subpath: string
  /** As users import it: `short-circuit/testing`. */
  readonly specifier: string
  /** Below `src` and `dist`, without an extension: `testing/index`. */
  readonly name: string
  /** From the root of the repository: `src/testing/index.ts`. */
  readonly source: string
}
export declare const entries: readonly Entry[]
export declare const manifest: { readonly exports: Readonly<Record<string, unknown>> }
export declare function targetsOf(name: string): Readonly<Record<string, unknown>>
