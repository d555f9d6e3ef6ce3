import { SSPR_CLSID, type CredentialProvider, type Facts } from '../../harness/guest/facts.ts';

/**
 * Credential providers that are part of Windows 7, 8 or 8.1, by class id. Source: `credentialprovider.h` of the
 * Windows SDK, and lists of the registry of such machines.
 */
const PART_OF_WINDOWS: Readonly<Record<string, string>> = {
  '{6F45DC1E-5384-457A-BC13-2CD81B0D28ED}': 'Password (first version)',
  '{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}': 'Password',
  '{3DD6BEC0-8193-4FFE-AE25-E08E39EA4063}': 'Network provider',
  '{8BF9A910-A8FF-457F-999F-A5CA10B4A885}': 'Smart card (first version)',
  '{8FD7E19C-3BF7-489B-A72C-846AB3678C96}': 'Smart card',
  '{94596C7E-3744-41CE-893E-BBF09122F76A}': 'Smart card PIN',
  '{1B283861-754F-4022-AD47-A5EAAA618894}': 'Smart card reader selection',
  '{1EE7337F-85AC-45E2-A23C-37C753209769}': 'Smart card (Windows Runtime)',
  '{503739D0-4C5E-4CFD-B3BA-D881334F0DF2}': 'Vault',
  '{AC3AC249-E820-4343-A65B-377AC634DC09}': 'Biometrics (first version)',
  '{BEC09223-B018-416D-A0AC-523971B639F5}': 'Biometrics',
  '{E74E57B0-6C6D-44D5-9CDA-FB2DF5ED7435}': 'Certificate',
  '{25CBB996-92ED-457E-B28C-4774084BD562}': 'Generic',
  '{2135F72A-90B5-4ED3-A7F1-8BB705AC276A}': 'Picture password',
  '{CB82EA12-9F71-446D-89E1-8D0924E1256E}': 'PIN',
  '{600E7ADB-DA3E-41A4-9225-3C0399E88C0C}': 'Cryptography user interface',
  '{F8A0B131-5F68-486C-8040-7E8FC3C85BB6}': 'Microsoft account',
};

/** The filter that comes with Windows 7, 8 and 8.1. */
const FILTERS_OF_WINDOWS: Readonly<Record<string, string>> = {
  '{DDC0EED2-ADBE-40B6-A217-EDE16A79A0DE}': 'Generic',
};

/** The add-in's own registration; undefined when there is none. */
export const resetProvider = ({ credentialProviders }: Facts): CredentialProvider | undefined =>
  credentialProviders.find(({ clsid }) => clsid.toUpperCase() === SSPR_CLSID);

/** Enabled credential providers of other makers. The add-in is Microsoft's own, and so is not one of them. */
export const foreignProviders = ({ credentialProviders }: Facts): CredentialProvider[] =>
  credentialProviders.filter(
    ({ clsid, disabled }) =>
      !disabled && clsid.toUpperCase() !== SSPR_CLSID && PART_OF_WINDOWS[clsid.toUpperCase()] === undefined,
  );

/** Enabled credential provider filters of other makers. */
export const foreignFilters = ({ providerFilters }: Facts): CredentialProvider[] =>
  providerFilters.filter(
    ({ clsid, disabled }) => !disabled && FILTERS_OF_WINDOWS[clsid.toUpperCase()] === undefined,
  );
