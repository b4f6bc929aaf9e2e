namespace CubeFunctions.Core.Erasure;

/// <summary>Somebody else is at work where the person has to be taken out, and did not end in time. What was erased stays erased; the next try does the rest.</summary>
internal sealed class ErasureBusyException(string what)
    : Exception($"{what} and did not end in time: run the command again. What was erased stays erased.");
