import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { KeyMaker } from '../../application/ports/key-maker.interface.ts';
import type { KeyMaterial } from '../../domain/entities/signing-key.entity.ts';

/** Ed25519; the key id is the key's own thumbprint (RFC 7638). */
export class Ed25519KeyMaker implements KeyMaker {
  async make(): Promise<KeyMaterial> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const [privateJwk, bare] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)]);
    const kid = await calculateJwkThumbprint(bare);
    return { kid, privateJwk: { ...privateJwk }, publicJwk: { ...bare, kid, alg: 'EdDSA', use: 'sig' } };
  }
}
