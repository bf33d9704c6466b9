import type { Kind } from "../generated/kind";
import { randomBytes, randomId, randomUuid } from "./byte-kinds";
import { randomInteger, randomPet, randomShuffle } from "./choice-kinds";
import { randomPassword, randomString } from "./text-kinds";

/** What the plugin can make, by Pulumi's type. */
export const kinds: Record<string, Kind> = {
  "random:index/randomBytes:RandomBytes": randomBytes,
  "random:index/randomId:RandomId": randomId,
  "random:index/randomInteger:RandomInteger": randomInteger,
  "random:index/randomPassword:RandomPassword": randomPassword,
  "random:index/randomPet:RandomPet": randomPet,
  "random:index/randomShuffle:RandomShuffle": randomShuffle,
  "random:index/randomString:RandomString": randomString,
  "random:index/randomUuid:RandomUuid": randomUuid,
};
