namespace Cube.Simulator;

/// <summary>What can go wrong. <see cref="FaultKinds"/> has the command-line name and a description of each.</summary>
public enum FaultKind
{
#pragma warning disable CS1591, CA1069 // FaultKinds describes each; TooManyRequests is the short name of the common form.
    TooManyRequests = 1,
    TooManyRequestsSeconds = 1,
    TooManyRequestsDate,
    ServiceUnavailable503,
    RequestTimeout408,
    InternalError500,
    BadGateway502,
    ResetBeforeBody,
    ResetInBody,
    Truncated,
    TruncatedJson,
    BrokenJson,
    Html200,
    Html502,
    SlowBody,
    Hang,
    Unauthorized401,
    Forbidden403,
    NotFound404,
    TooLarge,
    WorkThenFail,
    BadRequest400,
    NextHttp,
    NextOtherHost,
    NextMalformed,
    NextSelf,
    NextRepeats,
    NextEndless,
    CountWrong,
    CountChanges,
    RowsShift,
    DriftForever,
    NumbersAsText,
    EmptyStrings,
#pragma warning restore CS1591, CA1069
}
