export type ToolName =
  | 'chromium'
  | 'redis-server'
  | 'postgresql'
  | 'mariadb-server'
  | 'kcat'
  | 'zsh'
  | 'fish'
  | 'prometheus'
export declare const toolNames: readonly ToolName[]
export declare function findTool(name: ToolName): string | undefined
export declare function adviceFor(name: ToolName): string
