import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

const listOf = (
  next: string,
) => `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://127.0.0.1/">
<Blobs><Blob><Name>a</Name><Properties/></Blob></Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`

export const azureBlob: Client = {
  name: 'Azure Blob Storage',
  packages: ['@azure/storage-blob'],
  guarded: 'protect(new BlobServiceClient(…), breaker)',
  trap: 'containers and blobs that it hands out are guarded; those that you create are not',
  paginates: true,
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { AnonymousCredential, BlobServiceClient } = await import('@azure/storage-blob')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        const isList = url?.includes('comp=list')
        response.setHeader('content-type', isList ? 'application/xml' : 'text/plain')
        response.setHeader('etag', '"1"')
        const next = url?.includes('prefix=') && !url.includes('marker=') ? 'next' : ''
        response.end(isList ? listOf(next) : 'hello')
      },
      beginning: { type: 'text/plain', text: 'hel' },
    })
    const service = protect(
      new BlobServiceClient(`${upstream.url}/account`, new AnonymousCredential(), {
        retryOptions: { maxTries: 1 },
      }),
    )
    const container = service.getContainerClient('c')
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { abortSignal: signal })
    return {
      upstream,
      uses: {
        getProperties: (signal) => container.getBlobClient('a').getProperties(options(signal)),
        download: async (signal) => {
          const { readableStreamBody } = await container
            .getBlobClient('a')
            .download(0, undefined, { ...options(signal), maxRetryRequests: 0 })
          let text = ''
          for await (const part of readableStreamBody ?? []) text += String(part)
          return text
        },
        'for await of a list': async (signal) => {
          const names: string[] = []
          for await (const { name } of container.listBlobsFlat(options(signal))) names.push(name)
          return names
        },
        byPage: async (signal) => {
          const pages: unknown[] = []
          for await (const page of container.listBlobsFlat(options(signal)).byPage())
            pages.push(page)
          return pages
        },
      },
      pages: {
        'for await': async () => {
          for await (const _ of container.listBlobsFlat({ prefix: 'a' }));
        },
        byPage: async () => {
          for await (const _ of container.listBlobsFlat({ prefix: 'a' }).byPage());
        },
      },
    }
  },
}
