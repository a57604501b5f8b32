import type { Dashboard } from '../src/admin/dashboard.ts'

export declare function buildDashboard(): Promise<Dashboard & { readonly notices: string }>

export declare function dashboardPlugin(): {
  readonly name: string
  readonly enforce: 'pre'
  load(id: string): Promise<{ readonly code: string } | undefined>
}
