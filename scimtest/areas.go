package scimtest

import "slices"

// area is a part of the requirements, named by the letter of their ids.
type area struct {
	name string
	rows []row
}

// areas are all cases of the kit. A new list of cases is added here.
var areas = []area{
	{"M", slices.Concat(modelSchemas, modelID, modelCommon)},
	{"A", slices.Concat(characteristicsMutability, characteristicsValues)},
	{"T", slices.Concat(typesSimple, typesComposed, typesAll)},
	{"N", slices.Concat(valuesMulti, valuesUser, valuesGroup)},
	{"D", slices.Concat(discoveryConfig, discoverySchemas, discoveryTypes)},
	{"H", slices.Concat(httpMedia, httpNotation, httpEndpoints)},
	{"C", creates},
	{"R", retrievals},
	{"Q", queries},
	{"F", slices.Concat(filterOperators, filterGrammar, filterTypes, filterPaths, profileLookups, []row{filterProperty})},
	{"O", sorting},
	{"G", paging},
	{"B", bulks},
	{"K", cursors},
	{"J", slices.Concat(projectionNames, projectionParts, projectionOperations)},
	{"X", searches},
	{"W", replaces},
	{"P", slices.Concat(patchMessage, patchPaths, patchSequence, patchValues, patchAdd, patchAddValues, patchRemove, patchReplace, patchReplaceValues, profilePatches)},
	{"L", deletes},
	{"I", me},
	{"E", slices.Concat(errorForm, errorTable, errorAbuse)},
	{"V", slices.Concat(versionTags, versionConditions)},
	{"S", slices.Concat(securityAccess, securityTenants)},
	{"U", slices.Concat(wireReads, wireWrites, wirePatches)},
}
