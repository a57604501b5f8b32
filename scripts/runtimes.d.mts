export declare const nodes: readonly string[]
export declare function install(name: string, version: string): Promise<string>
