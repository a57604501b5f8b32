/** Calls a function of the user's: what it throws, or what its promise is rejected with, is reported. */
export function callSafely(call: () => unknown, report: (error: unknown) => void): void {
  try {
    Promise.resolve(call()).catch(report)
  } catch (error) {
    report(error)
  }
}
