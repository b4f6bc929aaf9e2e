namespace Cube.Simulator.Generation;

/// <summary>The feeds that are filtered by day.</summary>
internal enum DayFeed
{
    Responses,
    Sms,
}
