import { readFile } from 'node:fs/promises';

/** Where the usual systems keep the certificates that they trust. */
const systemBundles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/** The system's certificates and those of the `files`, as one PEM; null: no files are given. Throws when one of them cannot be read. */
export async function readCertificates(files: readonly string[]): Promise<string | null> {
  if (files.length === 0) return null;
  let system = '';
  for (const bundle of systemBundles) {
    system = await readFile(bundle, 'utf8').catch(() => '');
    if (system) break;
  }
  const own = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return [system, ...own].map((text) => text.trimEnd()).join('\n') + '\n';
}
