/** What can be entered of a registry besides its credential, wherever it is entered. */
export const REGISTRY_FIELDS = {
  name: 'Name',
  nameHelp: (url: string) =>
    url === '' ? 'Left empty, the URL stands in its place.' : `Left empty, the URL stands in its place: ${url}`,
  description: 'Description',
  descriptionHelp: 'A note for people, of at most 2000 characters.',
  email: 'Contact',
  emailHelp: 'Who to write to about this registry.',
  access: 'What pipelines may ask for',
  rotateEveryDays: 'Rotate every, in days',
  rotateHelp: '1 to 3650. Left empty, no rotation falls due.',
  rotateError: 'A whole number of days.',
  authRealmHost: 'Token server',
  realmHelp:
    'The host that this registry sends logins to, if a test named one. By entering it you confirm that the password may be sent there.',
  caCertificate: 'Certificate authority',
  caHelp: 'PEM, for a registry behind a private authority. Pipelines get it too.',
} as const;

/** What goes into the settings of minting. */
export const MINT_FIELD_HELPS = {
  roleArn: 'Such as arn:aws:iam::123456789012:role/name. It is assumed first.',
  externalId: 'If the trust policy of the role asks for one.',
  workloadIdentityProvider:
    '//iam.googleapis.com/projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>',
  serviceAccountEmail: 'Such as name@project.iam.gserviceaccount.com. Left empty, access is direct.',
  tenantId: 'Such as contoso.onmicrosoft.com, or a UUID.',
  clientId: 'The application or managed identity: a UUID.',
  installationId: 'The number at the end of the installation’s address in the settings of the organization.',
  apiUrl: 'On GitHub Enterprise: such as https://github.example.com/api/v3. Left empty, the host tells.',
  robot: '<organization>+<robot>',
  providerName: 'As it is called in Artifactory.',
} as const;
