export default {
  // This folder, and nothing above it.
  turbopack: { root: import.meta.dirname },
  productionBrowserSourceMaps: false,
}
