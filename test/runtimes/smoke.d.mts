export declare function smoke(
  library: typeof import('../../src/index.ts'),
  testing: typeof import('../../src/testing/index.ts'),
): Promise<string>
