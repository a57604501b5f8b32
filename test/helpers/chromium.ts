import { type Browser, chromium } from 'playwright'
import { findTool } from '../../scripts/tools.mjs'

/** Starts the browser of this machine, or the one that Playwright has downloaded. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findTool('chromium')
  const args = ['--no-sandbox', '--disable-gpu']
  return chromium.launch({ ...(executablePath ? { executablePath } : {}), args })
}
