/**
 * What becomes of each workflow file of 2021 to 2023 that lies beside the checkout (not in a clone of it): its name, without `.yaml`,
 * and either 'loads' or its errors, as `line:column message`.
 */
const dialectA = 'this file is written in dialect A of dstack (2021 to early 2022), whose workflows have no `provider`';
const dialectB = 'this file is written in dialect B of dstack (April to July 2022)';

const loads = `
  c-0910a960 c-1247e191 c-1775b2f7 c-20ce828e c-2b3ffc63 c-32c7884c c-5c496491 c-5d4c58c7 c-61af25aa
  c-6d8744d4 c-74fbf10b c-76c7c3d6 c-795df953 c-836f23ac c-ab58fea9 c-c1f9f59f c-c7ca8d40 c-edf2de59
  c-efeab458 c-f0f1c0f5 d-012dd529 d-02382e19 d-0461f37c d-04d607de d-0759e203 d-07b87bbf d-07bdbea9
  d-08753170 d-0c78e13b d-0fb28e73 d-10297b71 d-15cfd310 d-1692cdab d-1696eaa9 d-1938b563 d-1bbf82cf
  d-1ff12fa4 d-23dca148 d-248e6d4b d-27d96649 d-2850d465 d-2ab3fb37 d-2d41bd75 d-2d72f6d1 d-301dece9
  d-329c2c3e d-33d227e9 d-349be026 d-369e4771 d-3751613f d-3759c241 d-3b2488ee d-3d6829b8 d-40d08ca7
  d-4209659a d-43325037 d-4575617a d-47dceeb2 d-47e7864d d-48020c15 d-4aba1c62 d-4b2de05d d-54f38cc5
  d-550b0e0e d-57aa2a29 d-5c834d13 d-5d004c5d d-5e72da4c d-62a6c71d d-6a5fec68 d-6bfde312 d-70feead0
  d-7cf58975 d-7dc75263 d-7e3d3897 d-8285f488 d-85bc301d d-89e32b4b d-8af42a35 d-8e07afa2 d-93eec2cc
  d-94fa1cfd d-95015005 d-98931ecb d-98fb3721 d-9c5aef62 d-9ce8bf2d d-a0fd126f d-a1652be6 d-a55f9bb1
  d-a5f6d86f d-a753f734 d-abe4c825 d-ade4c9a3 d-ae260cae d-afb83b16 d-b08bb31a d-b1fba858 d-bab90b57
  d-baf8d081 d-bb05f50d d-be17f2bb d-c013853d d-c02a793e d-c2cba465 d-cd1a07d3 d-d030cd65 d-d6411033
  d-d9440745 d-e03d748c d-e4a91416 d-ed4e340d d-f07ccf41 d-f23c381d d-f36a9df7 d-f4d9a6d2 e-01f9afbd
  e-02bc7f31 e-032414ba e-05ce5de3 e-0c1c8e95 e-1474efa3 e-30498ca6 e-31788ed2 e-398846fe e-428f87fa
  e-42a54923 e-4cb1472d e-4ceae952 e-54c15e54 e-624a8e8d e-71545806 e-761be759 e-7b0ef964 e-8af8919a
  e-8d008bee e-9eb51584 e-a38d0e55 e-a7027d11 e-a84fac69 e-bb3201b3 e-c345fe3a e-c70679c3 e-db768b27
  e-df7b888c e-dff37e2d e-e5ec517a e-f85db207 e-f8f848d7 e-f940dd6b
`;

const fails: Record<string, string[]> = {
  'a-63f74a4d': [`3:5 ${dialectA}`],
  'a-6b40da90': [`3:5 ${dialectA}`],
  'a-83fde3eb': [`3:5 ${dialectA}`],
  'a-99c13940': [`3:5 ${dialectA}`],
  'a-d9300789': [`3:5 ${dialectA}`],
  'a-dcc3b560': [`2:5 ${dialectA}`],
  'b-080b529d': [`3:5 ${dialectB}`],
  'b-18bc78dc': [`4:15 ${dialectB}`],
  'b-3cdc45c1': [`3:15 ${dialectB}`],
  'b-78baf96d': [`3:15 ${dialectB}`],
  'b-9551e34f': [`7:5 ${dialectB}`],
  'b-ac254980': [`3:15 ${dialectB}`],
  'b-bdd98e6b': [`3:15 ${dialectB}`],
  'b-dfa7b31b': [`3:5 ${dialectB}`],
  'd-1ad0d989': ['4:5 `commands` is not a key of code workflows'],
  'd-8ee19c00': ['4:5 `commands` is not a key of code workflows'],
  'e-9a15ba53': ['5:9 ports port 6006: this is not a port'],
  'e-bcaff44e': ['6:17 `$GHCR_USER` is not filled in here', '7:17 `$GHCR_TOKEN` is not filled in here'],
  'x-8fdd4300': ['5:5 this is neither a key with a value nor part of the line before'],
};

export const expectations: Record<string, 'loads' | string[]> = { ...fails };
for (const name of loads.trim().split(/\s+/)) expectations[name] = 'loads';
