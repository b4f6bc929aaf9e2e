namespace CubeFunctions.Core.Persons;

/// <summary>
/// Another worker is at work where the person has to be taken out, and did not end in time. What was erased stays erased; the next try does
/// the rest.
/// </summary>
/// <param name="what">Who is busy with what.</param>
/// <param name="help">What to do.</param>
internal sealed class ErasureBusyException(string what, string help = "and did not end in time: run the command again")
    : Exception($"{what} {help}. What was erased stays erased.");
