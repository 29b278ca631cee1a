import { Agent, createServer } from 'node:http';

/** One of the proxies in a process of its own: argv tells its name, the service's address, and the port. */
const [name = '', origin = '', port = ''] = process.argv.slice(2);

const proxies = {
  async '@fastify/http-proxy'() {
    const { fastify } = await import('fastify');
    const { default: proxy } = await import('@fastify/http-proxy');
    const server = fastify();
    await server.register(proxy, { upstream: origin });
    await server.listen({ port: Number(port), host: '127.0.0.1' });
  },
  async 'fast-gateway'() {
    const { default: gateway } = await import('fast-gateway');
    await gateway({ routes: [{ prefix: '', target: origin }] }).start(Number(port), '127.0.0.1');
  },
  async 'http-proxy'() {
    const { default: httpProxy } = await import('http-proxy');
    const proxy = httpProxy.createProxyServer({
      target: origin,
      agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    });
    createServer((request, response) => proxy.web(request, response)).listen(Number(port), '127.0.0.1');
  },
};

await proxies[name]();
process.on('disconnect', () => process.exit());
