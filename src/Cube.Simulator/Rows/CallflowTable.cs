using System.Collections.Concurrent;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Who is in which campaign's call flow, and in what state.</summary>
internal sealed class CallflowTable(SimulatorOptions options)
{
    private readonly ConcurrentDictionary<(int Campaign, long Customer), string> states = new();

    public int Size(Campaign campaign) => Math.Min(options.CallflowCustomersPerCampaign, campaign.Assignment.CustomerCount);

    /// <summary>Campaigns of one assignment call different customers until those run out.</summary>
    public int IndexAt(Campaign campaign, int position) =>
        (int)((((long)campaign.OrdinalInAssignment * Size(campaign)) + position) % campaign.Assignment.CustomerCount);

    public string State(Campaign campaign, long customerId) =>
        states.TryGetValue((campaign.Id, customerId), out var state) ? state : Rng.Pick(Key(campaign, customerId), Words.CallStates);

    public void SetState(Campaign campaign, long customerId, string state) => states[(campaign.Id, customerId)] = state;

    public ulong Key(Campaign campaign, long customerId) => Rng.Key(options.Seed, 5, campaign.Id, customerId);
}
