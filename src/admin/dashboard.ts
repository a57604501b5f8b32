/** The page for browsers, and the policy that lets nothing but its own script and styles run. */
export interface Dashboard {
  readonly html: string
  readonly policy: string
}

/** What runs from source has no page: `scripts/dashboard.mjs` replaces this module by the built one. */
export const dashboard: Dashboard = {
  html: '<!doctype html><title>short-circuit</title><p>The page is part of the built package.',
  policy: "default-src 'none'; frame-ancestors 'none'",
}
