import type { SchemaModule } from 'kysely';

/** Users who come by an OpenID provider: an issuer and a subject are one user. */
export async function oidc(schema: SchemaModule): Promise<void> {
  await schema.alterTable('users').addColumn('oidc_issuer', 'text').execute();
  await schema.alterTable('users').addColumn('oidc_subject', 'text').execute();
  await schema
    .createIndex('users_by_oidc')
    .unique()
    .on('users')
    .columns(['oidc_issuer', 'oidc_subject'])
    .execute();
}
