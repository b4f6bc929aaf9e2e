namespace CubeFunctions.Core.Sync;

/// <summary>Offers windows to the observers that the composition root registers.</summary>
public sealed class WindowPublisher
{
    private readonly IReadOnlyList<IWindowObserver> _observers;

    internal WindowPublisher(IEnumerable<IWindowObserver> observers) => _observers = [.. observers];

    internal ItemObservers Begin(ItemRow item, CheckpointRow row)
    {
        var observed = new ObservedItem(item, row);
        return new ItemObservers([.. _observers.Select(observer => observer.Begin(observed)).OfType<IItemObservation>()]);
    }
}
